import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';

/** Where the Vulkan loader is told of drivers (LoaderDriverInterface.md, "Driver Discovery"). */
const FOLDERS = ['/etc', '/usr/local/etc', '/usr/local/share', '/usr/share', join(homedir(), '.local/share')];

/** What the loader reads instead of the folders, the first that is set. */
export const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** Manifests of the Vulkan drivers of this machine, in the order of their numbers in `--device webgpu:N`. */
export async function vulkanDrivers(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const named = DRIVER_VARIABLES.map((variable) => environment[variable]).find((value) => value);
  const places = named?.split(delimiter) ?? FOLDERS.map((folder) => join(folder, 'vulkan', 'icd.d'));
  const found = await Promise.all(places.map(manifestsAt));
  return [...new Set(found.flat())];
}

/** `/usr/share/vulkan/icd.d/radeon_icd.x86_64.json` → `radeon`. */
export function driverName(manifest: string): string {
  return basename(manifest).replace(/(_icd)?(\.[\w-]+)?\.json$/, '');
}

async function manifestsAt(place: string): Promise<string[]> {
  try {
    if (!(await stat(place)).isDirectory()) return [place];
    const names = (await readdir(place)).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(place, name));
  } catch {
    return []; // the loader passes over what does not exist
  }
}
