/**
 * Iterates over what a generator yields, and releases what it reads from also where it is given up before it was asked for
 * anything: a generator that never began does not run its `finally`.
 *
 * @param release may be called twice: by the generator's `finally`, and where it is given up
 */
export function releasing<Value>(
  values: AsyncGenerator<Value, undefined>,
  release: () => Promise<void>,
): AsyncIterableIterator<Value> {
  return {
    next: () => values.next(),
    return: async () => {
      await release();
      return values.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
