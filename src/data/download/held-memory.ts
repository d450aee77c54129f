/** What one piece of work holds of a `HeldMemory`. */
export interface Claim {
  /** Waits until there is room for more bytes; they are held from then on. */
  grow(bytes: number): Promise<void>;
  /** Holds nothing, for another attempt. */
  empty(): void;
  /** Holds nothing any more. */
  end(): void;
}

/**
 * Memory shared by pieces of work whose sizes show only while they are done, and whose results are taken in the order in
 * which they began. The oldest never waits, since all others wait for it: what is held is the limit, and the oldest beside it.
 */
export class HeldMemory {
  /** In the order in which they began. */
  private readonly claims: HeldClaim[] = [];
  private waiting: (() => void)[] = [];

  /** @param limit bytes */
  constructor(private readonly limit: number) {}

  /** Bytes of all claims. */
  get held(): number {
    return this.claims.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  begin(): Claim {
    const claim = new HeldClaim(this);
    this.claims.push(claim);
    return claim;
  }

  async grow(claim: HeldClaim, bytes: number): Promise<void> {
    while (claim !== this.claims[0] && this.held + bytes > this.limit)
      await new Promise<void>((changed) => this.waiting.push(changed));
    // At once, before another claim looks whether there is room.
    claim.bytes += bytes;
  }

  remove(claim: HeldClaim): void {
    this.claims.splice(this.claims.indexOf(claim), 1);
    this.changed();
  }

  changed(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}

class HeldClaim implements Claim {
  bytes = 0;

  constructor(private readonly memory: HeldMemory) {}

  grow(bytes: number): Promise<void> {
    return this.memory.grow(this, bytes);
  }

  empty(): void {
    this.bytes = 0;
    this.memory.changed();
  }

  end(): void {
    this.memory.remove(this);
  }
}
