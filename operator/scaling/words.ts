/** 3 significant digits below 100, thousands with commas: 0.0123, 9.4, 320, 12,345. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'ever more';
  if (Math.abs(value) < 100) return String(Number(value.toPrecision(2)));
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

export const seconds = (value: number): string =>
  Number.isFinite(value) ? `${number(value)} s` : 'for ever';

export const count = (value: number, noun: string): string =>
  `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
