/** Gives a token that is valid now; rejects where there is none. */
export type TokenProvider = () => Promise<string>;

export interface NewToken {
  text: string;
  /** For so long it is valid, from when it was asked for. */
  validMs: number;
}

export interface KeptTokenOptions {
  /** Rejects where there is none. */
  ask: () => Promise<NewToken>;
  /** A token is renewed this long before its end, so that no request is sent with one that dies on the way. */
  renewBeforeMs: number;
  now: () => number;
}

/** One token for all requests, renewed one at a time. While it is valid, a renewal that fails takes nothing away. */
export function keepToken({ ask, renewBeforeMs, now }: KeptTokenOptions): TokenProvider {
  let token: { text: string; renewAt: number; endsAt: number } | undefined;
  let renewal: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const askedAt = now();
    try {
      const { text, validMs } = await ask();
      const endsAt = askedAt + validMs;
      token = { text, renewAt: endsAt - renewBeforeMs, endsAt };
      return text;
    } catch (cause) {
      if (token !== undefined && now() < token.endsAt) return token.text;
      throw cause;
    }
  }

  return async () => {
    if (token !== undefined && now() < token.renewAt) return token.text;
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
}
