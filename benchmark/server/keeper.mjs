import { spawn } from 'node:child_process';

/**
 * Runs in a process of its own, between the benchmark and memcached: the channel to the benchmark closes however the
 * benchmark ends, SIGKILL included, and takes memcached with it.
 */
const [binary, ...args] = process.argv.slice(2);
const memcached = spawn(binary, args, { stdio: 'ignore' });

memcached.on('spawn', () => process.send?.({ pid: memcached.pid }));
memcached.on('error', error => {
    process.send?.({ failed: error.message });
    process.exitCode = 1;
    process.disconnect?.();
});
memcached.on('exit', () => process.exit());
process.on('disconnect', () => memcached.kill('SIGKILL'));
// Ctrl-C reaches the whole group; the benchmark decides when the server goes, not the terminal.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => memcached.kill('SIGKILL'));
