import type { EventName, Order } from './state-machine.ts';

export const STAGES = ['validate', 'remote', 'persist'] as const;
export type Stage = (typeof STAGES)[number];

const CONSUMES: Record<Order, Record<Stage, readonly EventName[]>> = {
  chained: {
    validate: ['new'],
    remote: ['validated', 'compensation-requested'],
    persist: ['remote-responded'],
  },
  fanOut: {
    validate: ['new'],
    remote: ['new', 'compensation-requested'],
    persist: ['validated', 'remote-responded'],
  },
};

/** The events a stage consumes when transactions of these orders are in use. */
export function consumedBy(stage: Stage, orders: readonly Order[]): EventName[] {
  return [...new Set(orders.flatMap((order) => CONSUMES[order][stage]))];
}

/** Whether an event of a transaction in this order is work for the stage, or only shares its topic. */
export function concerns(stage: Stage, order: Order, event: EventName): boolean {
  return CONSUMES[order][stage].includes(event);
}

/** Consumer group of a stage: `<prefix>.<stage>`. */
export function groupOf(prefix: string, stage: Stage): string {
  return `${prefix}.${stage}`;
}
