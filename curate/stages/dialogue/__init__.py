"""Rules for dialogues that a model is tuned on: what a person would not want it to learn to answer.

Each stage looks at the turns (`messages`); a document that is no dialogue has nothing to fail and passes. Encoding
damage, language and length of the whole are judged by the stages for text, since a dialogue's text is its turns.
"""
