import type { FileHandle } from 'node:fs/promises';

/** Bytes after which the disk is set to work, so that there is little left to wait for at the end. */
const FLUSHED_AT_ONCE = 1 << 24;

/**
 * Sends what is written into a file on to the disk while more is being written. It promises nothing: whoever needs the
 * file to be on the disk syncs it at the end, and then waits for the rest alone.
 */
export class EarlyFlush {
  private unflushed = 0;
  /** Ends with the failure of flushing, if there was one. */
  private flushing: Promise<unknown> | null = null;

  constructor(private readonly file: FileHandle) {}

  /** So many bytes more were written. */
  wrote(bytes: number): void {
    this.unflushed += bytes;
    if (this.unflushed < FLUSHED_AT_ONCE || this.flushing !== null) return;
    this.unflushed = 0;
    this.flushing = this.file.datasync().then(
      () => {
        this.flushing = null;
      },
      (error: unknown) => error,
    );
  }

  /** Before the file is synced. @throws the system's error if flushing failed */
  async succeeded(): Promise<void> {
    const failure = await this.flushing;
    if (failure != null) throw failure;
  }

  /** Before the file is closed, which flushing may not outlive. */
  async ended(): Promise<void> {
    await this.flushing;
  }
}
