/** What "How to Scale With Event-Driven Services" reports: 40 users, 10 minutes, JMeter, Java and Spring. */
export const ARTICLE = {
  users: 40,
  seconds: 600,
  sync: { operationsPerSecond: 79, requests: 29_000, reply: 'over 500 ms' },
  async: { operationsPerSecond: 560, requests: 229_000, reply: 'under 100 ms' },
} as const;

const perSecond = (requests: number): number => Math.round(requests / ARTICLE.seconds);

/** Why the article's figures cannot simply be set beside ours. */
export function articleNotes(): string[] {
  const { sync, async: eventDriven } = ARTICLE;
  return [
    `Its figures do not add up: ${sync.requests} requests in ${ARTICLE.seconds} s are ${perSecond(sync.requests)}/s, ` +
      `not ${sync.operationsPerSecond}; ${eventDriven.requests} are ${perSecond(eventDriven.requests)}/s, ` +
      `not ${eventDriven.operationsPerSecond}. Perhaps its averages leave out the ramp, or its runs were shorter.`,
    'It compares the rate of accepting with the rate of completing: the synchronous figure counts finished ' +
      'transactions, the event-driven one counts ids handed out. How many of those were finished, and when, it does ' +
      'not say. This report counts both, in both modes.',
    'It explains the difference by threads: one is held per waiting request. Node holds none. What a waiting request ' +
      'holds here is a user, a connection and some memory; so the synchronous mode is bound by users divided by ' +
      'latency, and with enough connections it goes on rising until the CPU is the limit.',
  ];
}
