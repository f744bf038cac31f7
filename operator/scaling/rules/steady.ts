import { hold, type Rule } from './rule.ts';
import { arithmetic } from './up.ts';

/** Nothing is to be done. */
export const steady: Rule = (situation) => hold(situation, 'Steady', arithmetic(situation));
