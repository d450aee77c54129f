import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';

/** The environment, as far as the hub's own tools read it. */
export type HubEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * A token of the hub. It is kept where neither printing, nor JSON, nor an inspection of objects shows it; the one way
 * out is the header of a request.
 */
export class HubToken {
  readonly #value: string;

  private constructor(value: string) {
    this.#value = value;
  }

  /** @throws ConfigError, without the text, if it cannot stand in a header */
  static parse(text: string, origin: string): HubToken {
    const value = text.trim();
    if (/^[\x21-\x7e]+$/.test(value)) return new HubToken(value);
    throw new ConfigError(`the access token from ${origin} has characters that no token has`, {
      hint: 'Set it again: one word, as shown once by https://huggingface.co/settings/tokens.',
    });
  }

  /** The value of `Authorization`. */
  authorization(): string {
    return `Bearer ${this.#value}`;
  }
}

/**
 * The user's token, from where the hub's own tools take it: HF_TOKEN, or the file that `hf auth login` writes; null
 * without one.
 *
 * @throws ConfigError if the token cannot be one
 */
export async function findHubToken(environment: HubEnvironment): Promise<HubToken | null> {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = environment[name];
    if (value !== undefined && value.trim() !== '') return HubToken.parse(value, name);
  }
  if (isSet(environment.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  const path = environment.HF_TOKEN_PATH ?? join(hubHome(environment), 'token');
  try {
    const text = await readFile(path, 'utf8');
    return text.trim() === '' ? null : HubToken.parse(text, path);
  } catch (error) {
    if (systemErrorCode(error) !== undefined) return null; // no such file, or none of ours to read
    throw error;
  }
}

function hubHome({ HF_HOME, XDG_CACHE_HOME }: HubEnvironment): string {
  return HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
}

function isSet(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(value?.toLowerCase() ?? '');
}
