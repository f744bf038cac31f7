/**
 * Shares `capacity` out among waiting amounts so that none gets more than it needs and the rest get equal parts
 * (max-min fairness): what a client does that takes its partitions in turn. `limit` bounds each part.
 */
export function shareOut(
  waiting: readonly number[],
  capacity: number,
  limit: number,
  parts: number[] = [],
): number[] {
  let total = 0;
  for (let index = 0; index < waiting.length; index++) {
    parts[index] = Math.min(waiting[index]!, limit);
    total += parts[index]!;
  }
  if (total <= capacity) return parts;
  let left = capacity;
  let open = waiting.length;
  let share = left / open;
  for (let found = true; found;) {
    found = false;
    const level = share;
    left = capacity;
    open = waiting.length;
    for (let index = 0; index < waiting.length; index++) {
      if (parts[index]! > level) continue;
      left -= parts[index]!;
      open--;
    }
    share = left / Math.max(1, open);
    found = share > level + 1e-12;
  }
  for (let index = 0; index < waiting.length; index++) parts[index] = Math.min(parts[index]!, share);
  return parts;
}
