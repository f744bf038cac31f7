import { expect, test } from 'vitest';
import { Board } from './board.ts';
import { KNOWN, decisionOf, rig } from './loop.fixture.ts';
import type { Outcome, Result } from './ports.ts';

function outcome(name: string, result: Result): Outcome {
  const { scaler } = rig(name);
  const replicas = { desired: 1, ready: 1, revision: '' };
  const observation = { spec: scaler.spec, lag: KNOWN, replicas };
  return { scaler, observation, decision: decisionOf(name, 3), result, error: undefined };
}

const shown = (board: Board): string[] =>
  board.outcomes().map(({ scaler, result }) => `${scaler.spec.name} ${result}`);

test('who has a change under way stays, though a tick does not decide for it, until it is told of', () => {
  const board = new Board();
  const changing = outcome('b', 'applying');
  board.accept([outcome('c', 'held'), changing, outcome('a', 'held')], 0);
  board.accept([outcome('a', 'held')], 2);
  expect(shown(board)).toEqual(['a held', 'b applying']);
  board.settle({ ...changing, result: 'scaled' });
  expect(shown(board)).toEqual(['a held', 'b scaled']);
  board.accept([outcome('a', 'held')], 4);
  expect(shown(board)).toEqual(['a held']);
});

test('the end of a change says nothing of what has been decided since', () => {
  const board = new Board();
  const changing = outcome('a', 'applying');
  board.accept([changing], 0);
  board.accept([outcome('a', 'held')], 2);
  board.settle({ ...changing, result: 'failed' });
  expect(shown(board)).toEqual(['a held']);
});
