/** The tests run on the Node that the product runs on; a stray older one would pass most of them silently. */
const PINNED_MAJOR = '26';

if (process.versions.node.split('.')[0] !== PINNED_MAJOR)
  throw new Error(
    `The tests need Node ${PINNED_MAJOR}, this is ${process.versions.node}: start them by npm test or npx vitest.`,
  );
