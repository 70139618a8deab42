import { connect } from 'node:net';

/** Sends one request on its own socket. Resolves to the bytes up to and including `end`. */
export function ask(port, request, end) {
    return new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        const chunks = [];
        socket.setTimeout(5000, () => socket.destroy(new Error('the server did not answer in 5 s')));
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('the server closed the connection')));
        socket.on('data', chunk => {
            chunks.push(chunk);
            const answer = Buffer.concat(chunks);
            if (!answer.subarray(-end.length).equals(Buffer.from(end))) return;
            socket.destroy();
            resolve(answer);
        });
        socket.write(request);
    });
}

/** Returns the value that the server holds under a key, or null on a miss. */
export async function stored(port, key) {
    const answer = await ask(port, `get ${key}\r\n`, 'END\r\n');
    const lineEnd = answer.indexOf('\r\n');
    const line = answer.subarray(0, lineEnd).toString('latin1');
    if (line === 'END') return null;
    const length = Number(line.split(' ')[3]);
    return answer.subarray(lineEnd + 2, lineEnd + 2 + length);
}

/** Returns the number of keys that clients have read or written since the start of the server. */
export const answered = port => sumOf(port, ['cmd_get', 'cmd_set']);

/** Returns the number of requests for single keys since the start of the server. */
export const requests = port => sumOf(port, ['cmd_get', 'cmd_set', 'delete_hits', 'delete_misses']);

async function sumOf(port, names) {
    const stats = (await ask(port, 'stats\r\n', 'END\r\n')).toString('latin1');
    return names.reduce((sum, name) => sum + Number(stats.match(`STAT ${name} (\\d+)`)[1]), 0);
}
