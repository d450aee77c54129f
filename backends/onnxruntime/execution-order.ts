import type { Program } from '../../src/graph/index.js';

/**
 * The order in which the runtime computes the nodes of a graph, as positions: depth first from what nobody reads, the
 * newest first (`GraphViewer` and `Graph::ReverseDFSFrom` of 1.30.0). Fusions of its own are left out of account.
 */
export function executionOrder({ nodes }: Program): number[] {
  const isRead = new Set(nodes.flatMap(({ operands }) => operands));
  const stack = nodes.flatMap((_, index) => (isRead.has(index) ? [] : [{ index, entered: false }]));
  const visited = new Set<number>();
  const order: number[] = [];
  while (stack.length > 0) {
    const { index, entered } = stack.pop()!;
    if (entered) order.push(index);
    if (entered || visited.has(index)) continue;
    visited.add(index);
    stack.push({ index, entered: true });
    const operands = [...nodes[index]!.operands].sort((a, b) => a - b);
    for (const operand of operands) if (!visited.has(operand)) stack.push({ index: operand, entered: false });
  }
  return order;
}
