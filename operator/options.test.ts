import { expect, test } from 'vitest';
import { ConfigError } from './config/config-error.ts';
import { parseOptions } from './options.ts';

test('what is not given has a default', () => {
  expect(parseOptions([])).toEqual({
    scalers: undefined,
    config: undefined,
    supervisorUrl: 'http://127.0.0.1:8070',
    statusPort: 8071,
    record: undefined,
    namespace: undefined,
    allNamespaces: false,
    kubeconfig: undefined,
  });
  expect(parseOptions(['--scalers', 'dir', '--status-port', '0'])).toMatchObject({
    scalers: 'dir',
    statusPort: 0,
  });
});

test.each([
  [
    ['--supervisor', 'nowhere', '--status-port', 'x'],
    ['--supervisor', '--status-port'],
  ],
  [['--scaler', 'dir'], ['unknown option']],
  [['--record'], ['argument missing']],
  [['--namespace', 'Not A Name'], ['--namespace']],
])('%j is refused', (args, parts) => {
  const refusal = (): unknown => parseOptions(args);
  expect(refusal).toThrow(ConfigError);
  for (const part of parts) expect(refusal).toThrow(part);
});
