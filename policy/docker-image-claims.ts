// Claims of the fields of images, secrets and configurations.
import { type DockerClaims, emptyOnly, judged, passed } from './docker-claim.js'

const change = judged('docker-image-change', 'docker-label')

export const imageCreateClaims: DockerClaims = {
  '/fromImage': judged('docker-registry', 'docker-name'),
  '/fromSrc': judged('docker-fetch'),
  '/repo': judged('docker-name'),
  '/tag': judged('docker-name', 'docker-registry'),
  '/message': passed('A note in the image’s history.'),
  '/changes': change,
  '/platform': passed('Which variant of an image is meant.'),
}

export const imageLoadClaims: DockerClaims = {
  '/quiet': passed('How much is told.'),
}

export const imagePushClaims: DockerClaims = {
  '/tag': judged('docker-name'),
  '/platform': passed('Which variant of an image is meant.'),
}

export const imageTagClaims: DockerClaims = {
  '/repo': judged('docker-name'),
  '/tag': judged('docker-name'),
}

export const commitClaims: DockerClaims = {
  '/container': judged('docker-owner'),
  '/repo': judged('docker-name'),
  '/tag': judged('docker-name'),
  '/comment': passed('A note in the image’s history.'),
  '/author': passed('A note in the image.'),
  '/pause': passed('Whether the container rests meanwhile.'),
  '/changes': change,
}

export const configClaims: DockerClaims = {
  '/Name': judged('docker-name'),
  '/Labels': judged('label', 'docker-label'),
  '/Data': passed('The content itself, in base64.'),
  '/Templating': emptyOnly('A template reads what is known of the task and its node.'),
}

export const secretClaims: DockerClaims = {
  ...configClaims,
  '/Driver': emptyOnly('A driver of secrets is a plug-in: a program of the host’s.'),
}
