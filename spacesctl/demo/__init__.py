"""`spacesctl demo`: a whole Space on this machine, spoken, heard, moderated and measured."""
