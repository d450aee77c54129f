import type { Owners, ReplicaGroup, StateSpec } from '../../src/plugins/contracts.js';
import type { Exchange, SessionSettings } from './protocol.js';
import { OnnxruntimeSession } from './session.js';

/** Entries begin at multiples of a cache line, so that no two replicas write to the same one. */
const ALIGNMENT = 64;

/**
 * Sessions with a worker each that exchange state through shared memory. The main thread says when: a phase begins once
 * all replicas have ended the one before, so that none waits for another that has failed.
 */
export class OnnxruntimeReplicas implements ReplicaGroup {
  private regions: SharedArrayBuffer[] = [];
  private readonly bytesOf: ReadonlyMap<string, number>;

  private constructor(
    readonly sessions: readonly OnnxruntimeSession[],
    readonly threads: number,
    states: readonly StateSpec[][],
  ) {
    this.bytesOf = new Map(
      states.flat().map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, Float32Array.BYTES_PER_ELEMENT)]),
    );
  }

  /** @param settings of each session; their threads are divided among programs that run in all at once */
  static async open(states: readonly StateSpec[][], settings: SessionSettings): Promise<OnnxruntimeReplicas> {
    const opening = await Promise.allSettled(states.map((state) => OnnxruntimeSession.open(state, settings)));
    const sessions = opening.flatMap((opened) => (opened.status === 'fulfilled' ? [opened.value] : []));
    const failed = opening.find((opened) => opened.status === 'rejected');
    if (failed) {
      await Promise.all(sessions.map((session) => session.dispose()));
      throw failed.reason;
    }
    return new OnnxruntimeReplicas(sessions, Math.max(1, Math.floor(settings.threads / states.length)), states);
  }

  async sumAtOwners(owners: Owners): Promise<void> {
    const entries = this.layOut(owners);
    await this.inAll('publish', (replica) => entries.filter(({ owner }) => owner !== replica));
    await this.inAll('sum', (replica) => entries.filter(({ owner }) => owner === replica));
  }

  async copyFromOwners(owners: Owners): Promise<void> {
    const entries = this.layOut(owners);
    await this.inAll('publish', (replica) => entries.filter(({ owner }) => owner === replica));
    await this.inAll('adopt', (replica) => entries.filter(({ owner }) => owner !== replica));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.dispose()));
  }

  private async inAll(
    part: 'publish' | 'sum' | 'adopt',
    entriesOf: (replica: number) => Exchange['entries'],
  ): Promise<void> {
    const { regions } = this;
    await Promise.all(
      this.sessions.map((session, replica) =>
        session.exchange(part, { regions, replica, entries: entriesOf(replica) }),
      ),
    );
  }

  /** Places entries one after the other, and sees to it that the regions hold them. */
  private layOut(owners: Owners): Exchange['entries'] {
    let end = 0;
    const entries = [...owners].map(([name, owner]) => {
      const offset = end;
      end += Math.ceil((this.bytesOf.get(name) ?? 0) / ALIGNMENT) * ALIGNMENT;
      return { name, offset, owner };
    });
    if (end > (this.regions[0]?.byteLength ?? 0)) this.regions = this.sessions.map(() => new SharedArrayBuffer(end));
    return entries;
  }
}
