// Provides everything that a checkout needs: npm packages, a build (with --build), a memcached.
// Ends at once if all is in place. It has no dependencies, and only syntax with which an old Node
// can print the message.

const required = 20;
if (Number(process.versions.node.split('.')[0]) < required) {
    console.error(`This needs Node ${required} or later; this is ${process.version}. See https://nodejs.org`);
    process.exit(1);
}
const { setup } = await import('./setup/setup.mjs');
await setup({ build: process.argv.includes('--build') });
