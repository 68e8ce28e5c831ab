"""WSDLs with all that they import, kept on our side: fetched, made to be read offline, compared with what is served."""
