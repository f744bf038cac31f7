/** One metric family of a scrape in the Prometheus text format. */
export interface Family {
  readonly name: string;
  type: string;
  unit: string;
  help: string;
  readonly samples: Sample[];
}
export interface Sample {
  /** With its suffix: `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const META = /^# (HELP|UNIT|TYPE) (\S+) (.*)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** @throws Error on a line that is not of the format, or a sample of no family */
export function parsePrometheus(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const line of text.split('\n').filter(Boolean)) {
    const meta = META.exec(line);
    if (meta) describe(families, meta);
    else addSample(families, line);
  }
  return families;
}

function describe(
  families: Map<string, Family>,
  [, keyword = '', name = '', rest = '']: RegExpExecArray,
): void {
  const family = families.get(name) ?? { name, type: '', unit: '', help: '', samples: [] };
  if (keyword === 'HELP') family.help = rest;
  if (keyword === 'UNIT') family.unit = rest;
  if (keyword === 'TYPE') family.type = rest;
  families.set(name, family);
}

function addSample(families: Map<string, Family>, line: string): void {
  const [, name = '', labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (!family) throw new Error(`not of any family: ${line}`);
  const labels = Object.fromEntries([...labelText.matchAll(LABEL)].map(([, key, text]) => [key, text]));
  family.samples.push({ name, labels, value: Number(value) });
}
