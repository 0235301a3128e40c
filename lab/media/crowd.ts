import { describeError } from '../../fleet/error.ts';
import type { FromCrowd, ToCrowd } from './crowd-messages.ts';
import { LiveKitParticipant } from './livekit-participant.ts';
import { WakingClock } from './waking-clock.ts';

/**
 * The process in which real WebRTC clients live. Apart from the lab, because sound must not wait for whatever else the
 * lab does, because the native library never lets a process end by itself, and because it prints what it likes.
 */
const TELL_EVERY_MS = 200;

function main(): void {
  const people = new Map<number, LiveKitParticipant>();
  const clock = new WakingClock();
  process.on('message', (message: ToCrowd) => {
    switch (message.kind) {
      case 'join':
        void join(people, message, () => clock.now());
        break;
      case 'listen-anew':
        people.get(message.person)?.listenAnew();
        break;
      case 'hang-up':
        void people.get(message.person)?.hangUp();
        break;
    }
  });
  process.on('disconnect', () => process.exit(0));
  setInterval(() => {
    for (const [person, participant] of people) tellHeard(person, participant);
  }, TELL_EVERY_MS);
}

async function join(
  people: Map<number, LiveKitParticipant>,
  message: ToCrowd & { kind: 'join' },
  now: () => number,
): Promise<void> {
  const { person, url, token, identity } = message;
  const participant = new LiveKitParticipant(identity, now);
  try {
    await participant.connect(url, token);
  } catch (cause) {
    return tell({ kind: 'failed', person, problem: describeError(cause) });
  }
  people.set(person, participant);
  tell({ kind: 'joined', person });
  const end = await participant.ended;
  people.delete(person);
  tellHeard(person, participant);
  tell({ kind: 'ended', person, end });
}

function tellHeard(person: number, participant: LiveKitParticipant): void {
  tell({ kind: 'heard', person, heard: participant.heard(), reconnects: participant.reconnects() });
}

function tell(message: FromCrowd): void {
  if (process.connected) process.send?.(message);
}

main();
