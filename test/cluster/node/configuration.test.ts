import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configurationFiles } from './configuration.ts';
import { nodeDirectory } from './node-directory.ts';
import { nodeProcesses } from './processes.ts';

const directory = nodeDirectory('/cache');
const pair = { cert: '/cert', key: '/key' };
const keys = { authority: '/ca', serving: pair, admin: pair, signingKey: '/signing' };
const names = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'coredns',
];
const tools = Object.fromEntries(names.map((name) => [name, `/tools/${name}`]));
const files = configurationFiles({
  directory,
  pauseImage: 'localhost/pause:1',
  shellImage: 'localhost/node:1',
});

test('every file that a process or another file is told of is written', () => {
  const told = Object.values(nodeProcesses({ directory, keys, tools })).flatMap(({ args }) => args);
  const text = [...told, ...Object.values(files)].join('\n');
  const root = `${directory.config('')}/`;
  const asked = [...text.matchAll(new RegExp(`${root}([\\w./-]+)`, 'g'))].map((match) => match[1]!);
  expect(asked.length).toBeGreaterThan(6);
  const written = Object.keys(files);
  for (const file of asked)
    expect(written.some((name) => name === file || name.startsWith(`${file}/`))).toBe(true);
});

test('pods are told of the DNS and look up names of the cluster', () => {
  const kubelet = parse(files['kubelet.json']!) as Record<string, unknown>;
  expect(kubelet).toMatchObject({
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    cgroupRoot: `/${directory.cgroup}`,
  });
});

test.each(['containerd.toml', 'containerd-store.toml'])('%s names no directory of the machine', (name) => {
  const paths = [...files[name]!.matchAll(/^ *(?:root|state|path|conf_dir) = "(.+)"$/gm)].map(
    ([, path]) => path!,
  );
  expect(paths.length).toBeGreaterThan(2);
  for (const path of paths) expect(path).toMatch(/^\/(cache|run)\//);
});

test('a tool that is missing is named', () => {
  expect(() => nodeProcesses({ directory, keys, tools: {} })).toThrow('A node needs etcd');
});
