import { dotted, isMapping, type Origin, type Setting, type SettingPath, startsWith } from './setting.js';

/** Mappings that a later source replaces as a whole instead of merging into. */
const REPLACED_WHOLE: readonly SettingPath[] = [['data', 'sources']];

/** Mappings whose keys depend on one of them: another value of that key makes the earlier source's others void. */
const VARIANTS: readonly { mapping: SettingPath; key: string }[] = [
  { mapping: ['model'], key: 'architecture' },
  { mapping: ['backend'], key: 'name' },
];

/**
 * The settings that result from sources in order of precedence, lowest first. Mappings merge key by key, with two
 * exceptions declared above; anything else is replaced by the later source.
 */
export function mergeSources(sources: readonly (readonly Setting[])[]): MergedSettings {
  const merged = new MergedSettings();
  for (const source of sources) {
    for (const prefix of REPLACED_WHOLE) {
      if (source.some(({ path }) => startsWith(path, prefix))) merged.remove(prefix);
    }
    for (const { mapping, key } of VARIANTS) {
      const chosen = source.find(({ path }) => dotted(path) === dotted([...mapping, key]));
      if (chosen && merged.has(chosen.path) && merged.value(chosen.path) !== chosen.value) merged.remove(mapping);
    }
    for (const setting of source) merged.apply(setting);
  }
  return merged;
}

/** Settings of which no two overlap: none lies below another. */
export class MergedSettings {
  private readonly settings = new Map<string, Setting>();

  has(path: SettingPath): boolean {
    return this.settings.has(keyOf(path));
  }

  value(path: SettingPath): unknown {
    return this.settings.get(keyOf(path))?.value;
  }

  /** Adds a setting, replacing those that it overlaps. An empty mapping adds nothing to a mapping with keys. */
  apply(setting: Setting): void {
    const overlapping = [...this.settings.values()].filter(
      ({ path }) => startsWith(path, setting.path) || startsWith(setting.path, path),
    );
    const addsNothing = isMapping(setting.value) && overlapping.some(({ path }) => path.length > setting.path.length);
    if (addsNothing) return;
    for (const { path } of overlapping) this.settings.delete(keyOf(path));
    this.settings.set(keyOf(setting.path), setting);
  }

  /** Removes a setting and all below it. */
  remove(prefix: SettingPath): void {
    for (const [key, { path }] of this.settings) if (startsWith(path, prefix)) this.settings.delete(key);
  }

  /**
   * Where the value at a path was written: that of the setting itself, else of the last written below it, else of the
   * one it lies in; undefined where only defaults apply.
   */
  origin(at: SettingPath): Origin | undefined {
    const exact = this.settings.get(keyOf(at));
    if (exact) return exact.origin;
    const below = this.below(at).sort((a, b) => b.origin.rank - a.origin.rank);
    if (below[0]) return below[0].origin;
    return [...this.settings.values()].find(({ path }) => startsWith(at, path))?.origin;
  }

  /** The settings at or below a path. */
  below(prefix: SettingPath): Setting[] {
    return [...this.settings.values()].filter(({ path }) => startsWith(path, prefix));
  }

  /** The tree that the settings describe. */
  tree(): Record<string, unknown> {
    const root: Record<string, unknown> = {};
    for (const { path, value } of this.settings.values()) {
      let node = root;
      for (const key of path.slice(0, -1)) {
        if (!isMapping(node[key])) define(node, key, {});
        node = node[key] as Record<string, unknown>;
      }
      define(node, path.at(-1)!, value);
    }
    return root;
  }
}

/** Sets an own property whatever its name, `__proto__` included. */
function define(node: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Keys of settings may contain dots (a source folder may), so the dotted name is not unique. */
function keyOf(path: SettingPath): string {
  return JSON.stringify(path);
}
