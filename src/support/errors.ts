/**
 * Every failure a user can cause is one of these: what happened, where (file, line, field) and what to do next.
 * Commands print them without a stack trace and exit with `exitCode`; anything else that is thrown is a bug of ours.
 */
export interface ErrorLocation {
  file?: string;
  /** 1-based line within `file`. */
  line?: number;
  /** Dotted path of a setting, or the name of a record field. */
  field?: string;
}

export interface ErrorDetails extends ErrorLocation {
  /** What the user can do about it, as an imperative sentence. */
  hint?: string;
  cause?: unknown;
}

export abstract class PcError extends Error {
  /** Stable, machine-readable name of the kind of failure; printed by `--json`. */
  abstract readonly code: string;
  /** Exit status of the command: 1 failed, 2 bad usage, 130 interrupted after a clean stop. */
  readonly exitCode: number = 1;
  readonly location: ErrorLocation;
  readonly hint: string | undefined;

  constructor(what: string, { file, line, field, hint, cause }: ErrorDetails = {}) {
    super(what, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.location = { ...(file && { file }), ...(line !== undefined && { line }), ...(field && { field }) };
    this.hint = hint;
  }

  /** `file:line (field name)`, or the empty string when nothing is known of the place. */
  get place(): string {
    const { file, line, field } = this.location;
    const at = file === undefined ? '' : line === undefined ? file : `${file}:${line}`;
    if (field === undefined) return at;
    return at === '' ? `field ${field}` : `${at} (field ${field})`;
  }
}

/** A command was typed wrongly: flags that exclude each other, an argument out of range. */
export class UsageError extends PcError {
  readonly code = 'usage';
  override readonly exitCode = 2;
}

/** A setting is unknown, unused, of the wrong type or out of range, or two settings contradict each other. */
export class ConfigError extends PcError {
  readonly code = 'config';
  override readonly exitCode = 2;
}

/** Training or evaluation data is missing, malformed or of the wrong kind. */
export class DataError extends PcError {
  readonly code = 'data';
}

/** A checkpoint is missing, incomplete, damaged, or belongs to another model. */
export class CheckpointError extends PcError {
  readonly code = 'checkpoint';
}

/** A compressor cannot represent its input, or was given symbols that it never wrote. */
export class CompressorError extends PcError {
  readonly code = 'compressor';
}

/** A tokenizer file cannot be loaded or trained, or a text or an id has no place in its vocabulary. */
export class TokenizerError extends PcError {
  readonly code = 'tokenizer';
}

/** A codebook is missing, damaged, foreign or of a newer version, or cannot be made as asked. */
export class CodebookError extends PcError {
  readonly code = 'codebook';
}

/** A plugin cannot be loaded, clashes with another one, or needs a newer host. */
export class PluginError extends PcError {
  readonly code = 'plugin';
}

/** A file cannot be written: no space left, read-only, in use by another run, or there already without `--force`. */
export class OutputError extends PcError {
  readonly code = 'output';
}

/** A tensor program is inconsistent: shapes that do not fit, an unknown name, a wrong operation-set version. */
export class ProgramError extends PcError {
  readonly code = 'program';
}

export type BackendFailure = 'out-of-memory' | 'unsupported-operation' | 'corrupt-program' | 'unavailable' | 'failed';

/** A backend could not load or run a program. */
export class BackendError extends PcError {
  readonly code = 'backend';
  constructor(
    readonly failure: BackendFailure,
    what: string,
    details: ErrorDetails = {},
  ) {
    super(what, details);
  }
}

/** Training cannot go on: the loss is not finite, a setting may not change on resume. */
export class TrainingError extends PcError {
  readonly code = 'training';
}

/** A server cannot be reached, refuses, or sends something else than it promised. */
export class DownloadError extends PcError {
  readonly code = 'download';
}

/** The user stopped the command and it stopped cleanly: everything it had finished is kept. */
export class InterruptedError extends PcError {
  readonly code = 'interrupted';
  override readonly exitCode = 130;
}
