import { Session } from 'node:inspector/promises'

/** Keeps one of this process's threads busy for ever, as a fault of the program would. `title` is how it is named. */
export async function hang(title: string): Promise<void> {
  const session = new Session()
  session.connect()
  const { promise: found, resolve: onFound } = Promise.withResolvers<string>()
  session.on('NodeWorker.attachedToWorker', ({ params }) => {
    if (params.workerInfo.title.includes(title)) onFound(params.sessionId)
  })
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  const call = { id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } }
  await session.post('NodeWorker.sendMessageToWorker', {
    sessionId: await found,
    message: JSON.stringify(call),
  })
}
