/** What the operator of a world said, in any cloud; its own plan has more. All durations in ms. */
export interface CommonPlan {
  maxDrains: number;
  ceilingMs: number | undefined;
  onCeiling: 'keep' | 'cut';
  warnAfterMs: number;
  /** Whether LiveKit's own registry can be asked. */
  hasMediaRegistry: boolean;
}

/** What that operator allowed. */
export interface Bounds {
  maxDrains: number;
  /** Undefined: no call may be cut, ever. */
  cutAfterMs: number | undefined;
  /** A drain that takes longer is told. */
  warnAfterMs: number;
}

export function boundsOf({ maxDrains, ceilingMs, onCeiling, warnAfterMs }: CommonPlan): Bounds {
  return { maxDrains, cutAfterMs: onCeiling === 'cut' ? ceilingMs : undefined, warnAfterMs };
}
