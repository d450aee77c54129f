export interface AheadLimits<T> {
  /** Most items under way at once. */
  count: number;
  /** Most weight under way at once, where items have one; a heavier item is under way alone. */
  weight?: { of(item: T): number; limit: number };
}

/**
 * Does asynchronous work on items, several at once, and yields the results in the items' order. Items are asked for only
 * as fast as results are taken. A failure comes at its place in the order; work that is under way then is not waited for.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  { count, weight }: AheadLimits<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: { result: Promise<R>; weight: number }[] = [];
  let load = 0;
  for await (const item of items) {
    const added = weight?.of(item) ?? 0;
    while (underWay.length >= count || (underWay.length > 0 && load + added > (weight?.limit ?? Infinity))) {
      const first = underWay.shift()!;
      yield await first.result;
      load -= first.weight;
    }
    const result = work(item);
    // Its failure is told when its turn comes, which may be after another one ended everything.
    result.catch(() => {});
    underWay.push({ result, weight: added });
    load += added;
  }
  for (const { result } of underWay) yield await result;
}
