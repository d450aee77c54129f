import { TokenizerError } from '../../support/errors.js';

/** A value in a JSON file that knows where it stands, so that whatever is wrong with it can be said with its place. */
export class Field {
  constructor(
    readonly value: unknown,
    readonly file: string,
    /** Dotted, such as `pre_tokenizer.pretokenizers[0].pattern`. */
    readonly path: string,
  ) {}

  get(key: string): Field {
    const object = this.object();
    const path = this.path === '' ? key : `${this.path}.${key}`;
    return new Field(Object.hasOwn(object, key) ? object[key] : undefined, this.file, path);
  }

  /** Whether it is left out or null. */
  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      throw this.wrong('an object');
    return this.value as Record<string, unknown>;
  }

  items(): Field[] {
    if (!Array.isArray(this.value)) throw this.wrong('a list');
    return this.value.map((item, i) => new Field(item, this.file, `${this.path}[${i}]`));
  }

  string(otherwise?: string): string {
    if (this.isAbsent && otherwise !== undefined) return otherwise;
    if (typeof this.value !== 'string') throw this.wrong('a string');
    return this.value;
  }

  boolean(otherwise?: boolean): boolean {
    if (this.isAbsent && otherwise !== undefined) return otherwise;
    if (typeof this.value !== 'boolean') throw this.wrong('true or false');
    return this.value;
  }

  /** A number of things, or an id. */
  count(): number {
    if (!Number.isInteger(this.value) || (this.value as number) < 0 || (this.value as number) > 0x7fffffff) {
      throw this.wrong('a number that is whole and not negative');
    }
    return this.value as number;
  }

  oneOf<Choice extends string>(choices: readonly Choice[], otherwise?: Choice): Choice {
    const value = this.string(otherwise);
    if (!choices.includes(value as Choice)) throw this.unsupported(`${JSON.stringify(value)} is not known`);
    return value as Choice;
  }

  /** What the `type` of a part of a pipeline is. */
  type(): string {
    return this.get('type').string();
  }

  /** The file asks for something that is not done here, or not exactly. */
  unsupported(what: string): TokenizerError {
    return new TokenizerError(what, {
      file: this.file,
      field: this.path,
      hint: 'docs/tokenizers.md lists what is supported.',
    });
  }

  damaged(what: string): TokenizerError {
    return new TokenizerError(what, {
      file: this.file,
      field: this.path,
      hint: 'Use another copy of the file, or the program that wrote it, to make a valid one.',
    });
  }

  private wrong(wanted: string): TokenizerError {
    return this.damaged(this.isAbsent ? `${wanted} is missing` : `expected ${wanted}`);
  }
}

/** @throws TokenizerError if the bytes are not JSON in UTF-8 */
export function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TokenizerError(`the file is not JSON: ${(cause as Error).message}`, {
      file,
      hint: 'Use another copy of the file; if it is a Git LFS pointer, fetch the file itself.',
      cause,
    });
  }
}
