-- Postgres is the truth. `event` is the append-only log of facts, `transaction` the projection that stages
-- compare and set, `outbox` a queue of pointers into the log that the relay has still to publish.

create table transaction (
  id uuid primary key,
  type text not null,
  "order" text not null,
  key text not null,
  -- The client named the key: work is serial within it, in the order of key_lane.seq.
  keyed boolean not null,
  shard smallint not null,
  state text not null,
  -- Null until a terminal state is reached, then that state. Only this column and the retry time are
  -- indexed, so that the updates on the way stay heap-only.
  outcome text,
  version integer not null,
  attempts integer not null default 0,
  -- A call has ended without telling whether it took effect.
  ambiguous boolean not null default false,
  deadline timestamptz,
  next_attempt_at timestamptz,
  -- Times the sweeper has re-emitted its event since it last moved.
  sweeps smallint not null default 0,
  accepted_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);

create index transaction_open on transaction (id) where outcome is null;
create index transaction_unsuccessful on transaction (outcome, id) where outcome <> 'done';
create index transaction_retry on transaction (next_attempt_at) where next_attempt_at is not null;
create index transaction_deadline on transaction (deadline) where deadline is not null and outcome is null;

create table event (
  transaction_id uuid not null,
  version integer not null,
  event text not null,
  -- The state that this event led to.
  state text not null,
  stage text not null,
  attempt integer not null,
  data json not null,
  traceparent text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (transaction_id, version)
);

create table dead_letter (
  id bigint generated always as identity primary key,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  -- Offsets start again when a broker has lost its disk; the digest tells two such messages apart.
  digest bytea not null,
  key bytea,
  value bytea,
  headers jsonb not null,
  stage text not null,
  cause text not null,
  message text not null,
  attempts integer not null,
  transaction_id uuid,
  at timestamptz not null default clock_timestamp(),
  redriven_at timestamptz,
  redrives integer not null default 0,
  unique (topic, partition, "offset", digest)
);
create index dead_letter_transaction on dead_letter (transaction_id) where transaction_id is not null;

create table outbox (
  id bigint generated always as identity primary key,
  shard smallint not null,
  -- The record's key; the transaction's key, so that its partition keeps the order.
  key text not null,
  transaction_id uuid,
  version integer,
  dead_letter_id bigint,
  -- The dead letter goes back to the topic it came from.
  redrive boolean not null default false,
  created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create table key_lane (
  key text not null,
  seq bigint generated always as identity,
  transaction_id uuid not null unique,
  primary key (key, seq)
);

create table idempotency (
  key text primary key,
  request_hash text not null,
  transaction_id uuid not null,
  created_at timestamptz not null default clock_timestamp()
);
create index idempotency_created on idempotency using brin (created_at);

create table bulk_batch (
  id text primary key,
  created_at timestamptz not null default clock_timestamp()
);

-- The business tables of the transaction type `payment`.
create table account (
  id text primary key,
  status text not null check (status in ('active', 'blocked', 'closed')),
  currency char(3) not null,
  payment_limit bigint not null check (payment_limit >= 0)
);

create table payment (
  transaction_id uuid primary key,
  -- No foreign keys: validate has checked both accounts, and the checks would lock hot accounts.
  debtor text not null,
  creditor text not null,
  amount bigint not null check (amount > 0),
  currency char(3) not null,
  reference text not null,
  booked_at timestamptz not null default clock_timestamp()
);
