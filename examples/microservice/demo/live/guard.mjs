/**
 * Returns why the server refuses a request, or null. The buttons end processes, so no other page in
 * the same browser may trigger them. Such a page cannot send the header, because no preflight
 * request succeeds. It cannot have this origin. If its own host name resolves to 127.0.0.1, `Host`
 * shows it.
 * @param {import('node:http').IncomingMessage} request
 * @param {string} port
 */
export function whyRefused({ method, headers }, port) {
    const hosts = ['127.0.0.1', 'localhost'].map(name => (port === '80' ? name : `${name}:${port}`));
    if (!hosts.includes(headers.host ?? '')) return `this is ${hosts[0]}, and not ${headers.host}`;
    if (method === 'GET' || method === 'HEAD') return null;
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
        return `requests from ${headers.origin} are not served`;
    }
    return headers['x-demo'] === undefined ? 'the header x-demo is missing: curl -H "x-demo: 1"' : null;
}
