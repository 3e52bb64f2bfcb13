import { crashServer } from './crash-server.js'
import { shortForm } from './short-form.js'

shortForm(crashServer, {
  rounds: 8,
  shows: ['acknowledged blobs', 'acknowledged actions', 'results that are complete'],
})
