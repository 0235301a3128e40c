/** A duration as a person writes it: a whole number and a unit (`500ms`, `90s`, `15m`, `48h`, `7d`). */
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(\d+)(ms|s|m|h|d)$/;

/** Milliseconds of a written duration, or undefined where it is not one (a number without a unit is not one). */
export function parseDuration(text: string): number | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** The shortest exact way to write a duration: 90000 is `90s`, 7200000 is `2h`. */
export function formatDuration(durationMs: number): string {
  const whole = Math.round(durationMs);
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (whole !== 0 && whole % UNIT_MS[unit] === 0) return `${whole / UNIT_MS[unit]}${unit}`;
  }
  return `${whole}ms`;
}

/** Roughly how long, for prose: 3 h 12 min, 41 s. */
export function describeDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
