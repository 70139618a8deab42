/**
 * Lets the parent process run these tasks, one after another. An error goes to the parent as its
 * message. The process ends with its parent.
 */
export function answerParent(tasks) {
    process.on('message', async message => {
        try {
            process.send({ result: await tasks[message.task](message) });
        } catch (error) {
            process.send({ error: error instanceof Error ? error.message : String(error) });
        }
    });
    process.on('disconnect', () => process.exit());
    process.on('SIGINT', () => {});
}
