/** How a world on AWS is made. All durations in ms. */
export interface AwsPlan {
  desired: number;
  min: number;
  max: number;
  zones: number;
  maxDrains: number;
  coolDownMs: number;
  hookTimeoutMs: number;
  heartbeatMs: number;
  ceilingMs: number | undefined;
  onCeiling: 'keep' | 'cut';
  warnAfterMs: number;
  onRebalance: 'report' | 'drain';
  hasMediaRegistry: boolean;
}
