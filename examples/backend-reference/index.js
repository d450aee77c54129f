import { openSession } from './session.js';

/**
 * The whole plugin. What it needs from proxy-compression arrives in `host`, so it has no dependencies.
 *
 * @param {import('proxy-compression/plugin').PluginOptions} options
 */
export default function plugin({ host }) {
  /** @type {import('proxy-compression/plugin').DeviceInfo} */
  const cpu = { id: 'cpu', kind: 'cpu', description: 'double precision on one thread of JavaScript' };

  return host.definePlugin({
    apiVersion: 1,
    name: 'reference',
    backends: [
      {
        name: 'reference',
        summary: 'the reference interpreter: what every operation means, in double precision and slowly',
        options: host.z.strictObject({ device: host.z.literal('cpu').default('cpu').describe('what computes') }),
        devices: async () => [cpu],
        create: async () => ({
          topology: { rank: 0, world: 1, devices: [cpu] },
          engine: 'reference interpreter',
          open: async (state) => openSession(state, host),
          allGather: async (bytes) => [bytes],
          dispose: async () => {},
        }),
      },
    ],
  });
}
