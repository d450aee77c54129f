import { existsSync } from 'node:fs';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { DRIVER_VARIABLES } from '../../backends/onnxruntime/vulkan-drivers.js';

/** Vulkan in software, of Debian's package `chromium`; it needs the loader, of `libvulkan1`. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Whether this machine has WebGPU: in software, unless the environment names another driver, or by that of a GPU. Says
 * why not where it has none. To be called before the first session of the process.
 */
export async function hasWebgpu(): Promise<boolean> {
  const isNamed = DRIVER_VARIABLES.some((variable) => process.env[variable]);
  if (!isNamed && existsSync(SWIFTSHADER)) for (const variable of DRIVER_VARIABLES) process.env[variable] = SWIFTSHADER;
  const missing = await onnxruntimeBackend.missingDevices!();
  for (const { reason, hint } of missing) console.log(`WebGPU is not tested here: ${reason}. ${hint}`);
  return missing.length === 0;
}
