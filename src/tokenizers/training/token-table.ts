/** Two tokens that become one, in the order in which they were learned. */
export interface LearnedMerge {
  first: number;
  second: number;
  result: number;
}

/** The tokens of a vocabulary under construction, by their spelling in the byte-level alphabet. */
export class TokenTable {
  private readonly ids = new Map<string, number>();
  private readonly spellings: string[] = [];
  private readonly lengths: number[] = [];
  private readonly learned: LearnedMerge[] = [];

  /** Special tokens have the first ids, then come the bytes in the order of their characters. */
  constructor(specialTokens: readonly string[], byteCharacters: readonly string[]) {
    for (const token of specialTokens) this.add(token, token.length);
    for (const character of [...byteCharacters].sort()) this.add(character, 1);
  }

  get size(): number {
    return this.spellings.length;
  }

  get merges(): readonly LearnedMerge[] {
    return this.learned;
  }

  /** In the order of ids. */
  get tokens(): readonly string[] {
    return this.spellings;
  }

  id(spelling: string): number | undefined {
    return this.ids.get(spelling);
  }

  /** Bytes of a token. */
  length(id: number): number {
    return this.lengths[id]!;
  }

  /** Returns the id of the merged token; that of a token of the same spelling, if there is one. */
  addMerge(first: number, second: number): number {
    const length = this.lengths[first]! + this.lengths[second]!;
    const result = this.add(this.spellings[first]! + this.spellings[second]!, length);
    this.learned.push({ first, second, result });
    return result;
  }

  private add(spelling: string, length: number): number {
    const known = this.ids.get(spelling);
    if (known !== undefined) return known;
    this.ids.set(spelling, this.spellings.length);
    this.lengths.push(length);
    return this.spellings.push(spelling) - 1;
  }
}
