const LACK = 'your credentials lack';

/** The cloud has refused what its caller has no right to. `lack`: which right, and of what. */
class Denied extends Error {
  override readonly name = 'Denied';

  constructor(lack: string, cause: unknown) {
    super(`${LACK} ${lack} (\`npm run fleet -- policy\` prints all that is needed)`, { cause });
  }
}

/** Whether a reason is that a right is missing. */
export function saysLack(reason: string): boolean {
  return reason.includes(LACK);
}

/** What of the rights is missing, where that is what the error says; undefined for all other errors. */
export type LackIn<Request> = (error: unknown, request: Request) => string | undefined;

/** The same client; where it is refused for want of a right, the error names the right. */
export function namingLacks<Request, Client extends { send(request: Request): Promise<unknown> }>(
  client: Client,
  lackIn: LackIn<Request>,
): Client {
  return {
    ...client,
    send: (request: Request) => naming(client.send(request), (error) => lackIn(error, request)),
  };
}

/** Rejects as what was asked, and names the right that is missing where that is why. */
export async function naming<Result>(
  asked: Promise<Result>,
  lackIn: (error: unknown) => string | undefined,
): Promise<Result> {
  try {
    return await asked;
  } catch (cause) {
    const lack = isNamed(cause) ? undefined : lackIn(cause);
    if (lack === undefined) throw cause;
    throw new Denied(lack, cause);
  }
}

function isNamed(error: unknown): boolean {
  return error instanceof Denied || (error instanceof Error && isNamed(error.cause));
}
