// A whole atproto network on loopback: PLC, PDS, appview and Ozone, from @atproto/dev-env, with a port to drive it.
//
// Started by serve.py with MODTUI_OZONE_APP (the folder that holds node_modules) and the addresses of PostgreSQL and
// Redis in the environment. When it answers, it prints one line of JSON with its addresses. What the network does by
// itself only after a while (firehose, pushes, reports into queues) is done at once by POST /process.
import http from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const modules = path.join(process.env.MODTUI_OZONE_APP, 'node_modules')
const load = (name) => import(pathToFileURL(path.join(modules, name)).href)

// The owner holds the other end of standard input. When it is gone, so are we.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

const { TestNetwork } = await load('@atproto/dev-env/dist/index.js')
const network = await TestNetwork.create({
  dbPostgresSchema: 'modtui',
  pds: { hostname: 'localhost', rateLimitsEnabled: process.env.MODTUI_OZONE_LIMITS === '1' },
})

const mails = []
const note = (mailer) => {
  const send = mailer.transporter.sendMail.bind(mailer.transporter)
  mailer.transporter.sendMail = async (mail, ...rest) => {
    mails.push({ to: String(mail.to ?? ''), subject: String(mail.subject ?? ''), html: String(mail.html ?? '') })
    return send(mail, ...rest)
  }
}
note(network.pds.ctx.mailer)
note(network.pds.ctx.moderationMailer)

const roles = {
  admin: (did) => network.ozone.addAdminDid(did),
  moderator: (did) => network.ozone.addModeratorDid(did),
  triage: (did) => network.ozone.addTriageDid(did),
}

const answers = {
  // Everything that waits is carried out: writes reach the appview, decisions the PDS, reports their queues.
  '/process': async () => {
    await network.ozone.daemon.ctx.queueRouter.routeReports()
    await network.processAll()
    return {}
  },
  // Nothing is reported any more, so that a queue of the next test is short.
  '/empty': async () => {
    const { db } = network.ozone.ctx.db
    await db.updateTable('report').set({ status: 'closed' }).where('status', '!=', 'closed').execute()
    await db
      .updateTable('moderation_subject_status')
      .set({ reviewState: 'tools.ozone.moderation.defs#reviewClosed', muteUntil: null })
      .where('reviewState', '!=', 'tools.ozone.moderation.defs#reviewClosed')
      .execute()
    return {}
  },
  // How many reports about a subject are not closed (asking for them by the API costs five slow requests).
  '/waiting': async ({ did, path }) => {
    const found = await network.ozone.ctx.db.db
      .selectFrom('report')
      .select(['id'])
      .where('did', '=', did)
      .where('recordPath', '=', path)
      .where('status', '!=', 'closed')
      .execute()
    return { count: found.length }
  },
  '/role': async ({ did, role }) => {
    await roles[role](did)
    return {}
  },
  '/mails': async () => ({ mails }),
  // As if two hours had gone by: the same access token, signed with the PDS's key, that ended a minute ago.
  '/expired': async ({ token }) => {
    const jose = await load('jose/dist/webapi/index.js').catch(() => load('jose/dist/node/esm/index.js'))
    const payload = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    const header = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString())
    const now = Math.floor(Date.now() / 1000)
    const signed = await new jose.SignJWT({ ...payload, iat: now - 7200, exp: now - 60 })
      .setProtectedHeader(header)
      .sign(network.pds.jwtSecretKey())
    return { token: signed }
  },
}

const control = http.createServer(async (request, response) => {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  let status = 200
  let body
  try {
    const text = Buffer.concat(pieces).toString()
    const answer = answers[request.url]
    if (answer) body = await answer(text ? JSON.parse(text) : {})
    else [status, body] = [404, { error: 'NotFound' }]
  } catch (error) {
    ;[status, body] = [500, { error: String(error?.stack ?? error) }]
  }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
})

control.listen(0, '127.0.0.1', () => {
  const facts = {
    pds: network.pds.url,
    ozone: network.ozone.url,
    appview: network.bsky.url,
    labeler: network.ozone.ctx.cfg.service.did,
    control: `http://127.0.0.1:${control.address().port}`,
  }
  console.log(JSON.stringify({ ready: facts }))
})
