import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EngineInstaller, InstallContext } from '../../src/plugins/contracts.js';
import { installationStep } from '../../src/plugins/installation-step.js';
import { writeDirectoryAtomic } from '../../src/support/atomic-files.js';
import { dataDirectory } from '../../src/support/data-directory.js';
import { BackendError } from '../../src/support/errors.js';
import { packageRoot } from '../../src/support/package-root.js';

/** The binding, and the TensorFlow whose library it was tried with. */
const BINDING = '@tensorflow/tfjs-node@4.22.0';
const HEADERS_OF_NODE = 'node-api-headers@1';
const TENSORFLOW = 'tensorflow-cpu>=2.21,<2.22';
/** Version of Node's interface for add-ons. */
const NODE_API = 8;

export const tfjsInstallers: Readonly<Record<string, EngineInstaller>> = {
  'tfjs-node': {
    summary:
      "TensorFlow's own library for the backend tfjs, on the CPU of Linux x64, from the package registries alone",
    install,
  },
};

/** A folder with `node_modules` of its own, whether it is there or not. */
export function privatePackages(): string {
  return join(dataDirectory(), 'engines', 'tfjs');
}

/**
 * Builds tfjs-node from its sources on the library of Python's package: its own install script takes a library from
 * elsewhere, which many networks refuse, and on Linux an old one.
 */
async function install({ log, signal }: InstallContext): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new BackendError(
      'unavailable',
      `tfjs-node is built here for Linux on x64, not ${process.platform} ${process.arch}`,
      {
        hint: 'Install @tensorflow/tfjs-node in the project by npm, which brings its own library; or use --device wasm.',
      },
    );
  const directory = privatePackages();
  const step = (what: string, command: string, args: readonly string[], where: string, hint: string) => {
    log(what);
    return installationStep(what, { command, args, directory: where, hint, log, ...(signal && { signal }) });
  };
  await writeDirectoryAtomic(
    directory,
    async (temporary) => {
      await writeFile(join(temporary, 'package.json'), '{ "private": true }\n');
      const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', BINDING, HEADERS_OF_NODE];
      await step(`installing ${BINDING}`, 'npm', npm, temporary, 'npm needs its registry: npm config get registry.');
      const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', 'wheel', TENSORFLOW];
      await step(
        `downloading ${TENSORFLOW}`,
        'python3',
        pip,
        temporary,
        'It takes a Python with pip, and its index or a copy of it: PIP_INDEX_URL, or PIP_NO_INDEX=1 with PIP_FIND_LINKS=DIR.',
      );
      const binding = join(temporary, 'node_modules', '@tensorflow', 'tfjs-node');
      const unpack = [join(packageRoot(), 'backends/tfjs/python/unpack_tensorflow.py'), 'wheel', join(binding, 'deps')];
      await step("unpacking TensorFlow's library", 'python3', unpack, temporary, 'It takes 0.9 GB of disk.');
      await step(
        'compiling the binding',
        process.env.CXX ?? 'c++',
        compilation(binding),
        temporary,
        'It takes a compiler of C++: on Debian, g++.',
      );
      await step(
        'loading it',
        process.execPath,
        ['-e', `require(${JSON.stringify(binding)})`],
        temporary,
        'Report this.',
      );
    },
    { replace: true },
  );
  return `${BINDING} is in ${directory}`;
}

function compilation(binding: string): string[] {
  const dependencies = join(binding, 'deps');
  return [
    '-O2',
    '-shared',
    '-fPIC',
    '-std=c++17',
    `-DNAPI_VERSION=${NODE_API}`,
    `-I${join(dependencies, 'include')}`,
    `-I${join(dirname(dirname(binding)), 'node-api-headers', 'include')}`,
    join(binding, 'binding', 'tfjs_backend.cc'),
    join(binding, 'binding', 'tfjs_binding.cc'),
    `-L${join(dependencies, 'lib')}`,
    '-ltensorflow',
    '-ltensorflow_framework',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-o',
    join(binding, 'lib', `napi-v${NODE_API}`, 'tfjs_binding.node'),
  ];
}
