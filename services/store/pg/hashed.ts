/**
 * `id in (select id from <cte>)`, kept as a hashed subplan. As a join the planner, which takes an unnested
 * parameter for ten rows, would choose a nested loop over both: quadratic in the size of the batch.
 */
export function isIn(cte: string): string {
  return `case when id in (select id from ${cte}) then true else false end`;
}
