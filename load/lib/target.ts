/** A process of the system under test. */
export interface ProcessRef {
  /** Component: api, relay, validate, remote, persist, remote-simulator, kafka, postgres. */
  readonly name: string;
  readonly pid: number;
}

/** A running system under test. */
export interface Target {
  readonly apiUrl: string;
  /** The remote simulator, where its settings can be changed. */
  readonly remoteUrl: string;
  readonly databaseUrl: string;
  /** Accounts ACC-000001 … that it was seeded with. */
  readonly accounts: number;
  /** The processes now; replicas of a stage have the same name. Empty where they are not to be had. */
  processes(): Promise<readonly ProcessRef[]>;
  close(): Promise<void>;
}

/** Sets what the simulator is like; what is not named keeps its value. @throws Error with the simulator's answer */
export async function setRemote(
  remoteUrl: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const response = await fetch(`${remoteUrl}/settings`, { method: 'PUT', body: JSON.stringify(settings) });
  const text = await response.text();
  if (!response.ok) throw new Error(`The remote simulator refused its settings: ${text}`);
  return JSON.parse(text);
}
