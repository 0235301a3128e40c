import { once } from 'node:events';
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  DisconnectReason,
  LocalAudioTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import type { CallEnd, Heard } from './driver.ts';
import { Listening } from './listening.ts';

const SAMPLE_RATE = 16_000;
const FRAME_MS = 20;
const SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;
const HEARD_EVERY_MS = 60;
/** The native stream goes on giving frames when nothing arrives; those are silent. The tone is far above this. */
const AUDIBLE = 500;

/** A person with a real WebRTC client: speaks a steady tone, listens to everybody, counts. */
export class LiveKitParticipant {
  readonly identity: string;
  readonly ended: Promise<CallEnd>;
  readonly #room = new Room();
  readonly #source = new AudioSource(SAMPLE_RATE, 1, 200);
  readonly #listening: Listening;
  readonly #stopped = new AbortController();
  #speakers = 0;
  #reconnects = 0;
  #isBroken = false;
  #end: (end: CallEnd) => void = () => undefined;

  constructor(identity: string, now: () => number) {
    this.identity = identity;
    this.#listening = new Listening(now);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async connect(url: string, token: string): Promise<void> {
    this.#room.on(RoomEvent.TrackSubscribed, (track) => this.#listenTo(track));
    this.#room.on(RoomEvent.TrackUnsubscribed, () => {
      this.#speakers -= 1;
      if (this.#speakers === 0) this.#listening.alone();
    });
    this.#room.on(RoomEvent.Reconnecting, () => {
      this.#reconnects += 1;
      this.#isBroken = true;
    });
    this.#room.on(RoomEvent.Reconnected, () => {
      this.#isBroken = false;
    });
    this.#room.on(RoomEvent.Disconnected, (reason) => {
      this.#stopped.abort();
      this.#end(callEnd(reason));
    });
    await this.#room.connect(url, token, {
      autoSubscribe: true,
      dynacast: false,
    });
    await this.#speak();
  }

  reconnects(): number {
    return this.#reconnects;
  }

  heard(): Heard {
    return this.#listening.heard();
  }

  listenAnew(): void {
    this.#listening.anew();
  }

  /** Whoever hangs up while the connection is broken has lost the call before. */
  async hangUp(): Promise<void> {
    this.#stopped.abort();
    this.#end({ kind: this.#isBroken ? 'connection-lost' : 'hung-up' });
    await this.#room.disconnect();
    await this.#source.close();
  }

  async #speak(): Promise<void> {
    const track = LocalAudioTrack.createAudioTrack('voice', this.#source);
    const options = new TrackPublishOptions({
      source: TrackSource.SOURCE_MICROPHONE,
      dtx: false,
      red: false,
    });
    await this.#room.localParticipant?.publishTrack(track, options);
    void this.#sendTone();
  }

  async #sendTone(): Promise<void> {
    const tone = new AudioFrame(sine(440), SAMPLE_RATE, 1, SAMPLES);
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#source.captureFrame(tone);
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        throw new Error(`${this.identity} could not send sound`, { cause: error });
      }
    }
  }

  #listenTo(track: RemoteTrack): void {
    if (track.kind !== TrackKind.KIND_AUDIO) return;
    this.#speakers += 1;
    void this.#count(
      new AudioStream(track, { sampleRate: SAMPLE_RATE, numChannels: 1, frameSizeMs: HEARD_EVERY_MS }),
    );
  }

  async #count(stream: AudioStream): Promise<void> {
    const reader = stream.getReader();
    const stopped = once(this.#stopped.signal, 'abort');
    for (;;) {
      const next = await Promise.race([reader.read(), stopped]);
      if (Array.isArray(next) || next.done) break;
      if (loudness(next.value.data) > AUDIBLE) this.#listening.sound();
    }
    await reader.cancel();
  }
}

function callEnd(reason: DisconnectReason): CallEnd {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return { kind: 'hung-up' };
    case DisconnectReason.SERVER_SHUTDOWN:
      return { kind: 'server-shutdown' };
    case DisconnectReason.UNKNOWN_REASON:
    case DisconnectReason.SIGNAL_CLOSE:
    case DisconnectReason.CONNECTION_TIMEOUT:
    case DisconnectReason.MEDIA_FAILURE:
      return { kind: 'connection-lost' };
    default:
      return { kind: 'closed', reason: DisconnectReason[reason] ?? String(reason) };
  }
}

/** One frame holds a whole number of waves, so that frame after frame is one steady tone. */
function sine(around: number): Int16Array {
  const waves = Math.round((around * FRAME_MS) / 1000);
  return Int16Array.from({ length: SAMPLES }, (_, i) => 8000 * Math.sin((2 * Math.PI * waves * i) / SAMPLES));
}

function loudness(samples: Int16Array): number {
  return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}
