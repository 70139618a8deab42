// Listens at the port on each host, then sends 'listening' to its parent.
const { createServer } = require('node:net');

const [port, ...hosts] = process.argv.slice(2);
let missing = hosts.length;
for (const host of hosts) {
    createServer().listen({ host, port: Number(port), backlog: 1 }, () => {
        if (--missing === 0) process.send?.('listening');
    });
}
