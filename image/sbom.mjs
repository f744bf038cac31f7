// Writes what the image holds of other people's packages as CycloneDX JSON: node image/sbom.mjs [file]
// The components of the base image are for its publisher, or a scanner, to list.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.argv[2] ?? 'sluice.cdx.json';
const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const args = [
  'sbom',
  '--sbom-format',
  'cyclonedx',
  '--sbom-type',
  'application',
  '--omit',
  'dev',
  '--omit',
  'optional',
];
const sbom = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 << 20 }));
sbom.metadata.component = {
  ...sbom.metadata.component,
  type: 'application',
  name: 'sluice',
  version,
  purl: `pkg:oci/sluice@${version}`,
  licenses: [{ license: { id: license } }],
};
writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
process.stdout.write(`${file}: ${sbom.components.length} components, CycloneDX ${sbom.specVersion}\n`);
