import type { LayoutName } from '../../data/mixing-modes.js';
import { type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
import { DocumentValues } from './document-values.js';
import { addCost, type Cost, type DocumentCost, noCost } from './scores.js';

/** What one source costs, and how sure that is. */
export interface SourceCost extends Cost {
  source: string;
  interval: Interval | null;
}

export interface CostBreakdown {
  /** Of the whole. */
  interval: Interval | null;
  /** In the order in which they were read. */
  sources: SourceCost[];
  /** By how documents were shown to the model. */
  layouts: Partial<Record<LayoutName, Cost>>;
}

/** Adds up documents, read source by source, by source and by layout. */
export class BreakdownBuilder {
  private readonly nats = new DocumentValues();
  private readonly bytes = new DocumentValues();
  private readonly sources: { source: string; cost: Cost; from: number }[] = [];
  private readonly layouts: Partial<Record<LayoutName, Cost>> = {};

  add(document: DocumentCost): void {
    const { source } = document.identity;
    if (this.sources.at(-1)?.source !== source) this.sources.push({ source, cost: noCost(), from: this.nats.length });
    addCost(this.sources.at(-1)!.cost, document);
    this.layouts[document.layout] ??= noCost();
    addCost(this.layouts[document.layout]!, document);
    this.nats.push(document.nats);
    this.bytes.push(document.bytes);
  }

  /** @throws the reason of `options.signal` when it is aborted */
  async finish(options: BootstrapOptions): Promise<CostBreakdown> {
    const between = (from: number, to: number) =>
      bootstrapInterval(this.nats.slice(from, to), this.bytes.slice(from, to), options);
    const sources: SourceCost[] = [];
    for (const [index, { source, cost, from }] of this.sources.entries()) {
      const to = this.sources[index + 1]?.from ?? this.nats.length;
      sources.push({ source, ...cost, interval: await between(from, to) });
    }
    return { interval: await between(0, this.nats.length), sources, layouts: this.layouts };
  }
}
