"""MAP27 (mobile data interface of MPT-1327 trunked radios): frames, link, network messages, line. Pure."""
